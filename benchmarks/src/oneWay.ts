// The one-way cases of bytes: the measuring process asks for as many MiB as it wants, as a little-endian number.

export const MiB = 1024 * 1024

export const askFor = (count: number): Uint8Array => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(count)
  return bytes
}

export const asked = (bytes: Uint8Array): number => Buffer.from(bytes).readUInt32LE()

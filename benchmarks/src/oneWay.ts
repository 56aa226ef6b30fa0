// The one-way cases of bytes: the measuring process asks for so many messages, as a little-endian number.

export const KiB = 1024

export const MiB = 1024 * KiB

/** By the names that cases and contenders have for them. */
export const sizes = { "64 B": 64, "1 KiB": KiB, "64 KiB": 64 * KiB, "1 MiB": MiB, "16 MiB": 16 * MiB }

export const askFor = (count: number): Uint8Array => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(count)
  return bytes
}

export const asked = (bytes: Uint8Array): number => Buffer.from(bytes).readUInt32LE()

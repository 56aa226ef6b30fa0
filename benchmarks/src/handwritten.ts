import net from "node:net"

/**
 * The baseline: what one would write by hand on `node:net` for the same frames (0x54, length, JSON), with its fastest
 * documented way to read (`onread`), and without anything else: no limits, no errors, no back-pressure, no interruption.
 */
export class Peer {
  private held: Buffer = Buffer.alloc(0)
  onMessage: (message: unknown) => void = () => {}

  constructor(readonly socket: net.Socket) {}

  static readonly onread = (deliver: (bytes: Buffer) => void): net.OnReadOpts => ({
    buffer: Buffer.allocUnsafe(256 * 1024),
    callback: (size, buffer) => {
      deliver(Buffer.from(buffer.buffer, buffer.byteOffset, size))
      return true
    }
  })

  static connect(path: string): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ path, onread: Peer.onread((bytes) => peer.receive(bytes)) })
      const peer = new Peer(socket)
      socket.once("connect", () => resolve(peer)).once("error", reject)
    })
  }

  send(message: unknown): void {
    this.socket.write(frame(message))
  }

  receive(bytes: Buffer): void {
    let data = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes])
    while (data.length >= 5) {
      const end = 5 + data.readUInt32BE(1)
      if (data.length < end) break
      this.onMessage(JSON.parse(data.toString("utf8", 5, end)))
      data = data.subarray(end)
    }
    this.held = data.length === 0 ? data : Buffer.from(data)
  }
}

export const frame = (message: unknown): Buffer => {
  const text = JSON.stringify(message)
  const length = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(5 + length)
  bytes[0] = 0x54
  bytes.writeUInt32BE(length, 1)
  bytes.write(text, 5)
  return bytes
}

/** Accepts one connection; a server cannot set `onread` on what it accepts, so the answering side connects. */
export const acceptOne = (path: string): { readonly listening: Promise<void>; readonly accepted: Promise<Peer> } => {
  const server = net.createServer()
  const accepted = new Promise<Peer>((resolve) => {
    server.once("connection", (socket) => {
      server.close()
      const peer = new Peer(socket)
      socket.on("data", (bytes) => peer.receive(bytes))
      resolve(peer)
    })
  })
  return { listening: new Promise((resolve) => server.listen(path, resolve)), accepted }
}

import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const opcodes = { text: 1, close: 8, ping: 9, pong: 10 }

/** The server's end of one WebSocket, written out so that a frame can be cut in its middle. */
export class ServerSocket {
  readonly #socket: Duplex
  #buffer = Buffer.alloc(0)
  onText: (text: string) => void = () => undefined
  onEnd: () => void = () => undefined

  constructor(request: IncomingMessage, socket: Duplex) {
    this.#socket = socket
    const key = String(request.headers['sec-websocket-key'])
    const accept = createHash('sha1')
      .update(key + guid)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => this.onEnd())
  }

  send(value: unknown): void {
    if (this.#socket.writable) this.#socket.write(frame(opcodes.text, JSON.stringify(value)))
  }

  /** Half of a frame, then nothing: what a broken line gives. */
  cutMidFrame(value: unknown): void {
    const whole = frame(opcodes.text, JSON.stringify(value))
    this.#socket.write(whole.subarray(0, whole.length >> 1), () => this.#socket.destroy())
  }

  close(): void {
    if (this.#socket.writable) this.#socket.end(frame(opcodes.close, '\u0003\u00e9'))
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    for (;;) {
      const parsed = parseFrame(this.#buffer)
      if (parsed === undefined) return
      this.#buffer = this.#buffer.subarray(parsed.size)
      if (parsed.opcode === opcodes.text) this.onText(parsed.payload.toString())
      if (parsed.opcode === opcodes.ping) this.#socket.write(frame(opcodes.pong, parsed.payload))
      if (parsed.opcode === opcodes.close) this.#socket.end()
    }
  }
}

function frame(opcode: number, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload)
  const head =
    body.length < 126
      ? Buffer.from([0x80 | opcode, body.length])
      : Buffer.from([0x80 | opcode, 126, body.length >> 8, body.length & 0xff])
  return Buffer.concat([head, body])
}

/** A masked frame of a client, of less than 64 KB; undefined while it is not whole. */
function parseFrame(buffer: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (buffer.length < 6) return undefined
  const short = buffer[1]! & 0x7f
  const maskAt = short === 126 ? 4 : 2
  const length = short === 126 ? buffer.readUInt16BE(2) : short
  const size = maskAt + 4 + length
  if (buffer.length < size) return undefined
  const mask = buffer.subarray(maskAt, maskAt + 4)
  const payload = Buffer.from(buffer.subarray(maskAt + 4, size))
  for (let index = 0; index < payload.length; index++) payload[index]! ^= mask[index % 4]!
  return { opcode: buffer[0]! & 0x0f, payload, size }
}

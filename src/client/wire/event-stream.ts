/** One server-sent event. */
export interface ServerEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: unknown
}

/** The text of an event; comments keep a connection alive. */
export function eventText({ id, event, data }: ServerEvent): string {
  const head = id === undefined ? '' : `id: ${id}\n`
  return `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Reads the events of a body of `text/event-stream` whose data is JSON in one line. */
export async function* readEvents(
  body: AsyncIterable<Buffer | string>,
): AsyncGenerator<ServerEvent, void, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop()!
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => {
          const colon = line.indexOf(': ')
          return [line.slice(0, colon), line.slice(colon + 2)] as const
        }),
      )
      const data = fields.get('data')
      if (data !== undefined)
        yield {
          id: fields.get('id'),
          event: fields.get('event') ?? 'message',
          data: JSON.parse(data) as unknown,
        }
    }
  }
}

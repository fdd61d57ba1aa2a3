/** One labelled place under a chart. */
interface TimeLabel {
  readonly column: number
  readonly text: string
}

/**
 * The two lines under a chart, UTC: a rule with a notch where a label stands, and the labels.
 * `times` holds the time of each column, undefined where a column has none.
 */
export function timeAxis(
  times: readonly (number | undefined)[],
  { indent, columns }: { readonly indent: number; readonly columns: number },
): string[] {
  const labels = chooseLabels(times, columns - indent - 1)
  const notches = new Set(labels.map((label) => label.column))
  const rule = times.map((_, column) => (notches.has(column) ? '┬' : '─')).join('')
  let text = ''
  for (const label of labels) text = text.padEnd(label.column) + label.text
  const margin = ' '.repeat(indent)
  return [`${margin}└${rule}`, `${margin} ${text}`.trimEnd()]
}

/** From the left, whatever fits: the day where it changes, else the time of day. */
function chooseLabels(times: readonly (number | undefined)[], room: number): TimeLabel[] {
  const known = times.filter((time) => time !== undefined)
  const span = (known.at(-1) ?? 0) - (known[0] ?? 0)
  const labels: TimeLabel[] = []
  let free = 0
  let day = ''
  for (const [column, time] of times.entries()) {
    if (time === undefined || column < free) continue
    const text = labelText(time, span, day)
    if (column + text.length > room) break
    labels.push({ column, text })
    day = dayOf(time)
    free = column + Math.max(text.length + 2, 9)
  }
  return labels
}

function labelText(time: number, span: number, lastDay: string): string {
  const iso = new Date(time).toISOString()
  const day = dayOf(time)
  if (span >= 8 * 86_400_000) return day
  const clock = span < 10 * 60_000 ? iso.slice(11, 19) : iso.slice(11, 16)
  return day === lastDay ? clock : `${day.slice(5)} ${clock}`
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

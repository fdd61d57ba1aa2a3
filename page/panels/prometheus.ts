/** The samples of a text of metrics. */
export interface Metrics {
  /** The sum of a metric's samples whose labels fit; 0 where there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number
}

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Reads Prometheus' text format, as far as a pairduck server writes it. */
export function readMetrics(text: string): Metrics {
  const samples = text.split('\n').flatMap((line) => parse(line))
  return {
    value: (name, labels = {}) =>
      samples
        .filter((sample) => sample.name === name)
        .filter((sample) =>
          Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
        )
        .reduce((sum, { value }) => sum + value, 0),
  }
}

function parse(line: string): Sample[] {
  const match = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)/i.exec(line)
  if (match === null) return []
  const [, name, labelText = '', value] = match
  const labels = Object.fromEntries(
    [...labelText.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label!, text!]),
  )
  return [{ name: name!, labels, value: Number(value) }]
}

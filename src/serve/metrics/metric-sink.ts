/** Figures with the labels that tell them apart. */
export interface Figure {
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
}

/** Takes one figure. */
export type Recorder = (value: number, labels?: Readonly<Record<string, string>>) => void

/** Gives the figures of now. */
export type Reading = () => Promise<readonly Figure[]> | readonly Figure[]

/** Whoever keeps metrics: Prometheus's client, or OpenTelemetry. */
export interface MetricSink {
  counter(name: string, help: string, labels?: readonly string[]): Recorder
  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
    labels?: readonly string[],
  ): Recorder
  /** Read when somebody asks. */
  gauge(name: string, help: string, read: Reading, labels?: readonly string[]): void
}

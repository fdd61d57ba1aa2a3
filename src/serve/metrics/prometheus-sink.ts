import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { MetricSink, Reading, Recorder } from './metric-sink.ts'

/** Metrics as `/metrics` gives them. */
export class PrometheusSink implements MetricSink {
  readonly #registry = new Registry()

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  counter(name: string, help: string, labelNames: readonly string[] = []): Recorder {
    const counter = new Counter({ name, help, labelNames, registers: [this.#registry] })
    return (value, labels = {}) => counter.inc({ ...labels }, value)
  }

  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
    labelNames: readonly string[] = [],
  ): Recorder {
    const registers = [this.#registry]
    const histogram = new Histogram({ name, help, buckets: [...bounds], labelNames, registers })
    return (value, labels = {}) => histogram.observe({ ...labels }, value)
  }

  gauge(name: string, help: string, read: Reading, labelNames: readonly string[] = []): void {
    // It is in the registry, which asks it.
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        this.reset()
        for (const { value, labels = {} } of await read()) this.set({ ...labels }, value)
      },
    })
    void gauge
  }
}

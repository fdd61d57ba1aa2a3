import type { MetricSink, Reading, Recorder } from './metric-sink.ts'

interface Observer {
  observe(value: number, attributes?: Record<string, string>): void
}

/** The part of OpenTelemetry's `Meter` that is used. */
export interface OtelMeter {
  /** A sum that only grows. */
  createCounter(
    name: string,
    options?: { description?: string },
  ): { add(value: number, attributes?: Record<string, string>): void }
  /** A distribution in buckets. */
  createHistogram(
    name: string,
    options?: { description?: string; advice?: { explicitBucketBoundaries?: number[] } },
  ): { record(value: number, attributes?: Record<string, string>): void }
  /** A figure that is read when it is exported. */
  createObservableGauge(
    name: string,
    options?: { description?: string },
  ): { addCallback(callback: (result: Observer) => void | Promise<void>): void }
}

/** Metrics as instruments of a meter, under the same names. */
export class OtelSink implements MetricSink {
  readonly #meter: OtelMeter

  constructor(meter: OtelMeter) {
    this.#meter = meter
  }

  counter(name: string, description: string): Recorder {
    const counter = this.#meter.createCounter(name, { description })
    return (value, labels) => counter.add(value, { ...labels })
  }

  histogram(name: string, description: string, bounds: readonly number[]): Recorder {
    const advice = { explicitBucketBoundaries: [...bounds] }
    const histogram = this.#meter.createHistogram(name, { description, advice })
    return (value, labels) => histogram.record(value, { ...labels })
  }

  gauge(name: string, description: string, read: Reading): void {
    this.#meter.createObservableGauge(name, { description }).addCallback(async (result) => {
      for (const { value, labels } of await read()) result.observe(value, { ...labels })
    })
  }
}

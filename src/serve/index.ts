export { observe } from './metrics/open-telemetry.ts'
export type { OtelMeter } from './metrics/otel-sink.ts'
export { serve, type Server } from './serve.ts'
export type { RequestLogEntry, ServeOptions } from './options/serve-options.ts'

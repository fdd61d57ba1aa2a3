export { serve, type Server } from './serve.ts'
export type { RequestLogEntry, ServeOptions } from './options/serve-options.ts'

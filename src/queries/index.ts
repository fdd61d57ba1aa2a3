export { query, type Query, type RowOf, type SqlValue } from './query.ts'
export type { Lookback, TimeRange, Window, WindowOptions } from './window.ts'
export type { Coverage } from './coverage.ts'
export type { Rounding } from './bins.ts'
export type { BarOptions, BarSource } from './bars.ts'
export {
  detectFvgQuery,
  type DetectFvgOptions,
  type FvgDefinition,
  type FvgFill,
  type FvgRow,
} from './detect-fvg.ts'

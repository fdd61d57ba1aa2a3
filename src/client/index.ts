export { connect, type ConnectOptions, type ConnectTarget } from './connect.ts'
export type { RemoteStore } from './remote-store.ts'
export { PairduckError } from '../errors.ts'
export type { MarketStore } from '../storage/market-store.ts'

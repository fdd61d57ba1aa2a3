/// <reference types="node" preserve="true" />
export { clusterState, ownerAddress, type ClusterState, type MemberState } from './cluster-state.ts'
export type { ClusterOptions } from './cluster-options.ts'
export { Producer, type SendOptions, type SendReceipt } from './producer.ts'
export { Worker, type WorkerEvents, type WorkerOptions } from './worker.ts'
export { connectValkey } from '../valkey/connect.ts'
export type { ValkeyConnectionOptions } from '../valkey/connection-options.ts'
export type { ValkeyClient } from '../valkey/valkey-client.ts'

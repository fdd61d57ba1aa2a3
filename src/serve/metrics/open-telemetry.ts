import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { PairduckEvents } from '../../storage/events/events.ts'
import type { MarketStore } from '../../storage/market-store.ts'
import { countEvents, type Listen } from './event-metrics.ts'
import { OtelSink, type OtelMeter } from './otel-sink.ts'
import { watchStore } from './state-metrics.ts'

/**
 * The metrics of `/metrics` as instruments of an OpenTelemetry meter: counts from what all managers
 * of the process tell on `diagnostics_channel`, and, with a store, what that one holds. Returns
 * what ends the counting: `const end = observe(metrics.getMeter('pairduck'), manager)`.
 */
export function observe(meter: OtelMeter, store?: MarketStore): () => void {
  const sink = new OtelSink(meter)
  const ends = [countEvents(sink, onChannels)]
  if (store !== undefined) ends.push(watchStore(sink, store))
  return () => {
    for (const end of ends) end()
  }
}

const onChannels: Listen = (name, listener) => {
  const told = (event: unknown): void => listener(event as PairduckEvents[typeof name][0])
  subscribe(`pairduck:${name}`, told)
  return () => void unsubscribe(`pairduck:${name}`, told)
}

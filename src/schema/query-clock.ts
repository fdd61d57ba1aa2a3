/** The variable of a connection that holds what `now` is, in Unix µs. */
export const nowVariable = 'pairduck_now_micros'

/**
 * What `now` is when a query runs, in Unix µs: the manager's clock, which it binds where that is
 * not the system's; on a connection of anybody's the engine's own.
 */
export const nowMicrosSql: string = `coalesce(getvariable('${nowVariable}')::BIGINT, epoch_us(now()))`

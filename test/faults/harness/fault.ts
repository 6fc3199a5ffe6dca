import type { FaultProxy } from '../../helpers/fault-proxy.js'

/** Something bad that happens to something, for a while. */
export interface Fault {
  readonly name: string
  /** What it happens to; no two happen to the same at once. */
  readonly target: string
  begin(): unknown
  /** Makes it good again; comes after `begin`, once. */
  end(): unknown
}

/**
 * Makes the faults of one target.
 *
 * @param subject what their names begin with
 */
export function faultsOf(target: string, subject = target) {
  return (what: string, begin: () => unknown, end: () => unknown = nothing): Fault => ({
    name: `${subject}: ${what}`,
    target,
    begin,
    end,
  })
}

/**
 * What happens to a network.
 *
 * @param between who is at its ends
 */
export function networkFaults(proxy: FaultProxy, between: string, where = between): Fault[] {
  const fault = faultsOf(`the network of ${where}`, between)
  return [
    fault('connections reset', () => proxy.cut()),
    fault(
      'nothing gets through',
      () => proxy.stall(),
      () => proxy.resume(),
    ),
    fault(
      'no answers get through',
      () => proxy.stallDownstream(),
      () => proxy.resume(),
    ),
    fault(
      '200 ms late',
      () => proxy.latency(200),
      () => proxy.latency(0),
    ),
    fault(
      'connections refused',
      () => proxy.refuse(),
      () => proxy.admit(),
    ),
    fault('reset in the middle of a write', () => void proxy.cutAfter(10_000)),
  ]
}

/** What happens to a server: it is killed, or stands still. */
export function serverFaults(
  name: string,
  server: {
    kill(): Promise<void>
    restart(): Promise<void>
    signal(name: NodeJS.Signals): void
  },
): Fault[] {
  const fault = faultsOf(name)
  return [
    fault(
      'killed',
      () => server.kill(),
      () => server.restart(),
    ),
    fault(
      'stopped (SIGSTOP)',
      () => server.signal('SIGSTOP'),
      () => server.signal('SIGCONT'),
    ),
  ]
}

export function nothing(): void {}

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
 * What happens to a network.
 *
 * @param between who is at its ends
 */
export function networkFaults(proxy: FaultProxy, between: string, where = between): Fault[] {
  const fault = (what: string, begin: () => unknown, end: () => unknown): Fault => ({
    name: `${between}: ${what}`,
    target: `the network of ${where}`,
    begin,
    end,
  })
  return [
    fault('connections reset', () => proxy.cut(), nothing),
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
    fault('reset in the middle of a write', () => void proxy.cutAfter(10_000), nothing),
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
  return [
    {
      name: `${name}: killed`,
      target: name,
      begin: () => server.kill(),
      end: () => server.restart(),
    },
    {
      name: `${name}: stopped (SIGSTOP)`,
      target: name,
      begin: () => server.signal('SIGSTOP'),
      end: () => server.signal('SIGCONT'),
    },
  ]
}

export function nothing(): void {}

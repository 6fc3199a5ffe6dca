import { Random } from '../../helpers/random.js'
import { check } from './checker.js'
import type { Journal } from './journal.js'
import { type Lengths, Nemesis } from './nemesis.js'
import { SCENARIOS } from './scenarios.js'
import { Workload } from './workload.js'

export interface RunOptions {
  readonly seed: number
  readonly faults: number
  readonly lengths: Lengths
  readonly isShort?: boolean
  /** The only faults to make happen, by name. */
  readonly which?: RegExp
}

/** How a run went. */
export interface Result {
  readonly scenario: string
  readonly faults: number
  readonly counts: ReadonlyMap<string, number>
  readonly deeds: readonly string[]
  readonly row: Readonly<Record<string, string | number>>
  /** What must not be, in words. */
  readonly violations: readonly string[]
}

/** Runs a scenario: makes faults happen while publishers publish and clients follow, and judges. */
export async function runScenario(scenario: string, options: RunOptions): Promise<Result> {
  const { seed, faults, lengths, isShort = false, which = /./ } = options
  const begun = performance.now()
  const random = new Random(seed)
  const stage = await SCENARIOS[scenario]?.({ random: new Random(random.seed()), isShort })
  if (!stage) throw new Error(`there is no scenario ${scenario}`)
  try {
    const workload = new Workload(stage, new Random(random.seed()))
    const own = stage.faults.filter(({ name }) => which.test(name))
    const nemesis = new Nemesis(own, new Random(random.seed()), lengths)
    const trouble: string[] = []
    try {
      await workload.start()
      await nemesis.run(faults, () => workload.recovered())
    } catch (error) {
      trouble.push(`${error}, after ${nemesis.deeds.slice(-4).join('; ')}`)
    }
    const { losses = [] } = stage
    const journal: Journal = { ...(await workload.finish()), losses }
    for (const hub of stage.hubs) await hub.end('SIGTERM')
    const violations = [
      ...trouble,
      ...stage.hubs.flatMap(({ failures }) => failures),
      ...check(journal).map(
        ({ kind, channel, who, what }) => `${kind}: ${who} (${channel}) ${what}`,
      ),
    ]
    const seconds = Math.round((performance.now() - begun) / 1000)
    return {
      scenario,
      faults,
      counts: nemesis.counts,
      deeds: nemesis.deeds,
      violations,
      row: {
        scenario,
        faults,
        ...figures(journal),
        reconnects: workload.reconnects,
        'slowest recovery': `${(nemesis.slowest / 1000).toFixed(1)} s`,
        seconds,
        violations: violations.length,
      },
    }
  } finally {
    await stage.stop()
  }
}

function figures({ attempts, watches, losses = [] }: Journal) {
  const outcome = (wanted: string) => attempts.filter(({ outcome }) => outcome === wanted).length
  const sightings = watches.flatMap((watch) => watch.sightings)
  const seen = (wanted: string) => sightings.filter(({ kind }) => kind === wanted).length
  return {
    acked: outcome('acked'),
    refused: outcome('refused'),
    unknown: outcome('unknown'),
    delivered: seen('event'),
    gaps: seen('gap'),
    losses: losses.length,
  }
}

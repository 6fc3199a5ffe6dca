import { Events, type Violation } from './events.js'
import type { Journal, Watch } from './journal.js'
import { Lives } from './losses.js'
import { checkWatch } from './watch.js'

/** Judges what all publishers and clients of a run have seen. */
export function check({ attempts, watches, losses = [] }: Journal): Violation[] {
  const lives = new Lives(losses)
  const channels = new Set(attempts.map(({ channel }) => channel))
  for (const { channel } of watches) channels.add(channel)
  return [...channels].flatMap((channel) => {
    const own = watches.filter((watch) => watch.channel === channel)
    const events = new Events(
      channel,
      attempts.filter((attempt) => attempt.channel === channel),
      own,
      lives,
    )
    return [
      ...events.violations,
      ...own.flatMap((watch) => checkWatch(watch, events)),
      ...checkHistories(own),
    ]
  })
}

/** All hubs have to hold the same in the end. */
function checkHistories(watches: readonly Watch[]): Violation[] {
  const [first, ...others] = watches.filter(({ isHistory }) => isHistory)
  if (!first) return []
  const textOf = ({ sightings }: Watch) =>
    sightings.map((seen) => (seen.kind === 'event' ? `${seen.sequence} ${seen.id}` : '')).join('; ')
  const text = textOf(first)
  return others
    .filter((other) => textOf(other) !== text)
    .map(({ client, channel }) => {
      const what = `is not ${first.client}`
      return { kind: 'disagreement', channel, who: client, what }
    })
}

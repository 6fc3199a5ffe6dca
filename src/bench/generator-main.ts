/** A process of the bench: does as it is told, and ends with the one that started it. */
import { toFailure } from '../failure.js'
import { Generator } from './generator.js'
import type { FromGenerator, ToGenerator } from './generator-protocol.js'

/** Ms between two reports. */
const REPORT = 200

let generator: Generator | undefined

function send(message: FromGenerator): void {
  if (process.connected) process.send?.(message)
}

async function call({ id, name, args }: Extract<ToGenerator, { kind: 'call' }>): Promise<void> {
  try {
    const act = generator?.[name].bind(generator) as ((...args: unknown[]) => unknown) | undefined
    send({ kind: 'done', id, value: await act?.(...args) })
  } catch (error) {
    send({ kind: 'failed', id, failure: toFailure(error) })
  }
}

process.on('message', (message: ToGenerator) => {
  if (message.kind === 'call') {
    call(message)
    return
  }
  const started = new Generator(message.plan, message.part)
  generator = started
  setInterval(() => send({ kind: 'progress', progress: started.progress() }), REPORT)
})
process.on('disconnect', () => process.exit())

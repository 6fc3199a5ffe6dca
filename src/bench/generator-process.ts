import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { toError } from '../failure.js'
import type { Progress } from './generator.js'
import type {
  Answer,
  Arguments,
  CallName,
  FromGenerator,
  GeneratorHandle,
  ToGenerator,
} from './generator-protocol.js'
import type { Part, Plan } from './plan.js'

const MAIN = fileURLToPath(new URL('./generator-main.js', import.meta.url))

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** A generator in a process of its own, so that it costs neither the hub nor the others any time. */
export class GeneratorProcess implements GeneratorHandle {
  progress: Progress = { open: 0, sent: 0, delivered: 0, resumed: 0 }
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #calls = 0
  /** Why it does nothing more. */
  #ending: string | undefined

  constructor(plan: Plan, part: Part) {
    this.#child = fork(MAIN, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
      detached: true, // Ctrl-C is not for it: the one that started it wants to hear more
    })
    this.#child.on('message', (message: FromGenerator) => this.#receive(message))
    this.#child.on('error', ({ message }) => this.#end(message))
    this.#child.on('exit', (code, signal) => this.#end(`it ended with ${signal ?? code}`))
    this.#send({ kind: 'start', plan, part })
  }

  call<N extends CallName>(name: N, ...args: Arguments<N>): Promise<Answer<N>> {
    this.#calls += 1
    const id = this.#calls
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
    })
    this.#send({ kind: 'call', id, name, args })
    return answer as Promise<Answer<N>>
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** One that could not be started cannot be sent anything; 'error' is about to tell why. */
  #send(message: ToGenerator): void {
    if (this.#ending !== undefined) this.#end(this.#ending)
    else if (this.#child.connected) {
      this.#child.send(message, (error) => {
        if (error) this.#end(error.message)
      })
    }
  }

  #receive(message: FromGenerator): void {
    if (message.kind === 'progress') {
      this.progress = message.progress
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.kind === 'done') waiting?.resolve(message.value)
    else waiting?.reject(toError(message.failure))
  }

  #end(reason: string): void {
    this.#ending = reason
    for (const { reject } of this.#waiting.values()) {
      reject(new Error(`a process of the bench failed: ${reason}`))
    }
    this.#waiting.clear()
  }
}

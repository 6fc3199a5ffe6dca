import type { Failure } from '../failure.js'
import type { Generator, Progress } from './generator.js'
import type { Part, Plan } from './plan.js'

/** What a process is asked to do. */
export type CallName =
  | 'connect'
  | 'publish'
  | 'sent'
  | 'arrive'
  | 'reset'
  | 'anchors'
  | 'storm'
  | 'findings'
  | 'stop'

/** What a call is given, and what it answers. */
export type Arguments<N extends CallName> = Parameters<Generator[N]>
export type Answer<N extends CallName> = Awaited<ReturnType<Generator[N]>>

/** A generator, wherever it is. */
export interface GeneratorHandle {
  readonly progress: Progress
  /** @throws {HubError} as the generator does */
  call<N extends CallName>(name: N, ...args: Arguments<N>): Promise<Answer<N>>
  /** Ends it, whatever it does. */
  kill(): void
}

/** What a process is told. */
export type ToGenerator =
  | { readonly kind: 'start'; readonly plan: Plan; readonly part: Part }
  | {
      readonly kind: 'call'
      readonly id: number
      readonly name: CallName
      readonly args: unknown[]
    }

/** What a process tells. */
export type FromGenerator =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | {
      readonly kind: 'failed'
      readonly id: number
      readonly failure: Failure
    }

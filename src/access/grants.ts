import type { JWTPayload } from 'jose'

/** What can be done to a channel. */
export type Action = 'publish' | 'subscribe'

/** What a token's claim `ssehub` holds, beside what tokens hold anyway. */
export interface Claims extends JWTPayload {
  readonly ssehub?: {
    readonly publish?: readonly string[]
    readonly subscribe?: readonly string[]
    readonly stats?: boolean
  }
}

/** What its bearer may do, and until when. */
export interface Grants {
  /** Channels: each a name, or with `*` at its end all names that begin so. */
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  /** Whether it may see the hub's figures. */
  readonly stats: boolean
  /** Whom it was made for, or the key itself as a digest: what its events are counted under. */
  readonly holder?: string
  /** The time in ms at which that ends; undefined is never. */
  readonly expiresAt: number | undefined
}

/**
 * Reads a token's claims.
 *
 * @param clockTolerance seconds that it goes on after its time
 * @returns undefined if the claim `ssehub` is not what it should be
 */
export function toGrants(claims: JWTPayload, clockTolerance: number): Grants | undefined {
  const { ssehub = {}, exp, sub } = claims
  if (typeof ssehub !== 'object' || ssehub === null || Array.isArray(ssehub)) return undefined
  const { publish = [], subscribe = [], stats = false } = ssehub as Record<string, unknown>
  if (!isTexts(publish) || !isTexts(subscribe) || typeof stats !== 'boolean') return undefined
  const expiresAt = exp === undefined ? undefined : (exp + clockTolerance) * 1000
  return { publish, subscribe, stats, expiresAt, ...(sub && { holder: `sub ${sub}` }) }
}

/** Whether a channel is among those that a list names. */
export function covers(patterns: readonly string[], channel: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? channel.startsWith(pattern.slice(0, -1)) : channel === pattern,
  )
}

/** What is wrong with one of those that a token is to name; undefined if it is fine. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === '') return 'a channel has a name: give one, or "*" for all'
  const star = pattern.indexOf('*')
  if (star === -1 || star === pattern.length - 1) return undefined
  const start = `${pattern.slice(0, star)}*`
  return `${JSON.stringify(pattern)} has a * that is not at the end, where alone it stands for the rest of a name: give "${start}", or each channel by its name`
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import type { HubClient } from './hub-client.js'

/** What tests sign with where a secret will do. */
export const SECRET = 'a secret that is as long as it has to be'

/** The claims of one who may do everything. */
export const ALL = { ssehub: { publish: ['*'], subscribe: ['*'] } }

/** Settings of a channel that asks for them, whatever is done. */
export const WHOLE = { publish: 'token', subscribe: 'token' }

/** A time as claims have it. */
export const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow

export const bearer = (text: string) => ({ Authorization: `Bearer ${text}` })

/** A token of that secret. */
export const token = (claims: JWTPayload = ALL) =>
  sign(claims, Buffer.from(SECRET), { alg: 'HS256' })

/** What a token has before its first dot, and before its second. */
export const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token that no library makes, signed with a secret. */
export function forged(header: object, secret: string | Buffer, claims: unknown = ALL): string {
  const text = `${part(header)}.${typeof claims === 'string' ? claims : part(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

/** Asks the hub that there is at the time for what tokens allow. */
export function askerOf(hub: () => HubClient) {
  const publish = (headers: Record<string, string> = {}, channel = 'test') =>
    hub().publish(channel, { id: 1, data: 'x' }, { headers })
  const read = async (headers: Record<string, string> = {}, target = 'test') => {
    const answer = await fetch(`${hub().url}/${target}`, { headers })
    if (answer.status === 200) await answer.body?.cancel()
    return answer
  }
  /** What publishing, reading and looking at the history are answered. */
  const statuses = async (headers: Record<string, string>, channel = 'test') => {
    const answers = [
      await publish(headers, channel),
      await read(headers, channel),
      await read(headers, `-/history/${channel}`),
    ]
    return answers.map(({ status }) => status)
  }
  return { publish, read, statuses }
}

type PairAlgorithm = 'RS256' | 'ES256' | 'EdDSA'

export interface Pair {
  readonly alg: PairAlgorithm
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The public half as PEM. */
  readonly pem: string
}

export function makePair(alg: PairAlgorithm, kid: string = alg): Pair {
  const { privateKey, publicKey } = {
    RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: () => generateKeyPairSync('ed25519'),
  }[alg]()
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  return { alg, kid, privateKey, publicKey, pem }
}

/** Signs claims as they are. */
export function sign(
  claims: JWTPayload,
  key: KeyObject | Uint8Array,
  header: JWTHeaderParameters,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(key)
}

/** A server that has a set of public keys. */
export class KeyServer {
  /** How often it was asked. */
  requests = 0
  pairs: readonly Pair[]
  /** What it answers in place of the set. */
  instead: { status: number; body: string } | undefined
  /** Resolves when it is to answer. */
  answering: Promise<void> | undefined
  readonly #server: Server

  private constructor(pairs: readonly Pair[]) {
    this.pairs = pairs
    this.#server = createServer(async (_request, response) => {
      this.requests += 1
      await this.answering
      const { status, body } = this.instead ?? { status: 200, body: this.#set() }
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(body)
    })
  }

  static async start(...pairs: Pair[]): Promise<KeyServer> {
    const server = new KeyServer(pairs)
    await new Promise<void>((listening) => server.#server.listen(0, '127.0.0.1', listening))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #set(): string {
    const keys = this.pairs.map(({ publicKey, kid, alg }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      alg,
      use: 'sig',
    }))
    return JSON.stringify({ keys })
  }
}

import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'

export interface Pair {
  readonly alg: string
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The public half as PEM. */
  readonly pem: string
}

export function makePair(alg: 'RS256' | 'ES256' | 'EdDSA', kid: string = alg): Pair {
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

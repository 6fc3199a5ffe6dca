import { makeFolder } from './folder.js'
import { ServedHub } from './served-hub.js'

/** The hub that each test of a block has `ssehub serve` run, and its folder; both go with the test. */
export class HubOfTest {
  readonly #hubs: ServedHub[] = []
  #folder = ''

  /** To be made where the block is described. */
  constructor() {
    let clean: () => Promise<void>
    beforeEach(async () => {
      const made = await makeFolder()
      this.#folder = made.folder
      clean = made.clean
    })
    afterEach(async () => {
      for (const hub of this.#hubs.splice(0)) await hub.kill()
      await clean()
    })
  }

  get folder(): string {
    return this.#folder
  }

  /** As `ServedHub.start`. */
  async start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ServedHub> {
    return this.#keep(await ServedHub.start(args, env))
  }

  /** As `ServedHub.startWith`, in its folder. */
  async startWith(settings: object): Promise<ServedHub> {
    return this.#keep(await ServedHub.startWith(settings, this.#folder))
  }

  #keep(hub: ServedHub): ServedHub {
    this.#hubs.push(hub)
    return hub
  }
}

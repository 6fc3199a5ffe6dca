import { execFile } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeFolder } from './folder.js'
import { limitFileSize } from './process-resources.js'

const run = promisify(execFile)

const FILLER = Buffer.alloc(1_048_576)

/**
 * A folder on a small disk of its own, which can be full. Where this user may mount none, the
 * process that writes there is told that its files cannot grow.
 */
export class SmallDisk {
  readonly #filler: string
  readonly #clean: () => Promise<void>

  private constructor(
    readonly folder: string,
    /** Whether it is a disk. */
    readonly isReal: boolean,
    clean: () => Promise<void>,
  ) {
    this.#filler = join(folder, 'filler')
    this.#clean = clean
  }

  /** @param megabytes how large it is */
  static async make(megabytes: number): Promise<SmallDisk> {
    const { folder, clean } = await makeFolder()
    const disk = join(folder, 'disk')
    await mkdir(disk)
    const mounted = run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk])
    const isReal = await mounted.then(
      () => true,
      () => false,
    )
    return new SmallDisk(disk, isReal, clean)
  }

  /** Leaves no room for a process that writes to it. */
  async fill(pid: number): Promise<void> {
    if (!this.isReal) return limitFileSize(pid, 1)
    const file = await open(this.#filler, 'a')
    try {
      for (;;) await file.write(FILLER)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    } finally {
      await file.close()
    }
  }

  /** Makes room again. */
  async free(pid: number): Promise<void> {
    if (this.isReal) await rm(this.#filler, { force: true })
    else await limitFileSize(pid)
  }

  async stop(): Promise<void> {
    if (this.isReal) await run('umount', ['-l', this.folder])
    await this.#clean()
  }
}

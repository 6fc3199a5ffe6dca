import { ClassicLevel } from 'classic-level'

/**
 * Puts something in the way of what leveldb stores write, in this process, from now on.
 *
 * @param pass stands for a write; what it does not pass on is not written
 * @returns puts it out of the way again
 */
export function interceptWrites(pass: (write: () => Promise<void>) => Promise<void>): () => void {
  const { batch } = ClassicLevel.prototype
  ClassicLevel.prototype.batch = function (this: ClassicLevel) {
    const chain = Reflect.apply(batch, this, [])
    const { write } = chain
    chain.write = (...options: unknown[]) => pass(() => Reflect.apply(write, chain, options))
    return chain
  } as typeof batch
  return () => {
    ClassicLevel.prototype.batch = batch
  }
}

/** What a full disk does to a write. */
export async function noSpace(): Promise<never> {
  throw new Error('IO error: /var/lib/ssehub/000005.log: No space left on device')
}

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Ordered } from '../../src/event/ordered.js'

describe('ordered values', () => {
  it('are those pushed and not removed, in order, from any key on', () => {
    const step = fc.record({ remove: fc.boolean(), which: fc.nat(), after: fc.nat(250) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const ordered = new Ordered<number>()
        let model: number[] = []
        let key = 0
        for (const { remove, which, after } of steps) {
          const victim = model[which % Math.max(model.length, 1)]
          if (remove && victim !== undefined) {
            ordered.remove(victim)
            model = model.filter((one) => one !== victim)
          } else {
            key += 1 + (which % 3)
            ordered.push(key, key)
            model.push(key)
          }
          assert.equal(ordered.size, model.length)
          assert.deepEqual([ordered.first, ordered.last], [model[0], model.at(-1)])
          assert.deepEqual(
            [...ordered.after(after)],
            model.filter((one) => one > after),
          )
        }
      }),
    )
  })

  it('cannot be removed twice', () => {
    const ordered = new Ordered<string>()
    ordered.push(1, 'a')
    ordered.push(2, 'b')
    ordered.remove(1)
    assert.throws(() => ordered.remove(1), RangeError)
    assert.throws(() => ordered.replace(3, 'c'), RangeError)
  })
})

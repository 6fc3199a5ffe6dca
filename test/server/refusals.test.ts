import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { Refusals } from '../../src/server/refusals.js'

describe('connections that are kept out, beyond those that there is room for', () => {
  let refusals: Refusals<Socket>
  let unheard: Socket[]
  const sockets: Socket[] = []

  /** One more, known by its socket. */
  const add = () => {
    const socket = new Socket()
    sockets.push(socket)
    refusals.add(socket, socket)
    return socket
  }

  beforeEach(() => {
    unheard = []
    refusals = new Refusals(2, (socket) => unheard.push(socket))
  })

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })

  it('have the oldest go that has not asked for anything', () => {
    const [asking, silent] = [add(), add()]
    refusals.hear(asking)
    const next = add()
    assert.deepEqual([asking.destroyed, silent.destroyed, next.destroyed], [false, true, false])
    const last = add()
    assert.deepEqual([asking.destroyed, next.destroyed, last.destroyed], [false, true, false])
    assert.deepEqual(unheard, [silent, next])
  })

  it('have the oldest of all go where all have asked', () => {
    const [one, other] = [add(), add()]
    refusals.hear(one)
    refusals.hear(other)
    const next = add()
    assert.deepEqual([one.destroyed, other.destroyed, next.destroyed], [true, false, false])
    assert.deepEqual(unheard, [], 'it was told')
  })

  it('keep their place in another socket', () => {
    const [one, other] = [add(), add()]
    const stream = new Socket()
    sockets.push(stream)
    refusals.hear(one)
    refusals.carryOver(one, stream)
    one.destroy()
    add()
    assert.deepEqual([stream.destroyed, other.destroyed], [false, true])
    const late = new Socket()
    refusals.carryOver(other, late)
    assert.ok(late.destroyed, 'its place is gone')
  })
})

import assert from 'node:assert/strict'
import { forWorkers } from '../helpers/for-workers.js'
import { hubOfBlock } from '../helpers/hub-of-block.js'
import { ALL, askerOf, bearer, SECRET, token, WHOLE } from '../helpers/tokens.js'

forWorkers('tokens and the log', (_, workers) => {
  describe('where a header has them', () => {
    const own = hubOfBlock({ server: { workers }, default: WHOLE, auth: { key: SECRET } })
    const { publish, read } = askerOf(() => own.hub)
    const refusals = () =>
      own.hub.log.filter(({ msg }) => String(msg).startsWith('a request was refused'))

    it('are told of, where they are refused without end, in a few lines a second', async () => {
      const times = 50 * workers
      const begun = performance.now()
      await Promise.all(Array.from({ length: times }, () => publish(bearer('junk'))))
      await publish()
      const told = () =>
        refusals().reduce((sum, { leftOut, address }) => sum + (address ? 1 : Number(leftOut)), 0)
      await own.hub.logs(() => told() === times + 1)
      const seconds = (performance.now() - begun) / 1000
      assert.ok(refusals().length < (20 + 12 * seconds) * workers, `${refusals().length} lines`)
      assert.ok(refusals().some(({ leftOut }) => leftOut !== undefined))
      assert.ok(refusals().some(({ reason }) => reason === 'this needs a token'))
    })

    it('are told of, where they are refused, with the address that was judged', async () => {
      await publish(bearer('junk'), 'judged')
      const line = () => refusals().find(({ channel }) => channel === 'judged')
      await own.hub.logs(() => line() !== undefined)
      const { action, address, reason } = line() ?? {}
      assert.deepEqual([action, address], ['publish', '127.0.0.1'])
      assert.match(String(reason), /not a JSON Web Token/)
    })

    it('are told to nobody: log, answers', async () => {
      const texts = [await token(), `${await token()}x`, await token({ ...ALL, exp: 1 }), 'sesame']
      for (const text of texts) {
        const answers = [
          await read(bearer(text)),
          await publish(bearer(text)),
          await read({}, `test?access_token=${text}`),
          await read({}, `test?a=1&ACCESS_TOKEN=${text}&b=2`),
          await read({}, `test?access%5Ftoken=${text}`),
          await read({}, `a%zz?access_token=${text}`),
          await read({}, `-/history/test?authorization=${text}`),
          await read({}, `-/nothing?access_token=${text}`),
          await read({}, `stats?scope=x&access_token=${text}`),
          await own.hub.fetch(`test?access_token=${text}`, { method: 'PUT' }),
          await publish({}, `test?access_token=${text}`),
        ]
        for (const answer of answers) {
          if (answer.status === 200) continue
          const said = `${await answer.text()} ${JSON.stringify([...answer.headers])}`
          assert.ok(!said.includes(text), said)
        }
      }
      await publish({}, 'last')
      await own.hub.logs(() => refusals().some(({ channel }) => channel === 'last'))
      const logged = JSON.stringify(own.hub.log)
      for (const text of texts) assert.ok(!logged.includes(text))
    })
  })

  describe('where the query may have them', () => {
    const auth = { key: SECRET, allowQuery: true }
    const own = hubOfBlock({ server: { workers }, default: WHOLE, auth })
    const { publish, read } = askerOf(() => own.hub)

    it('are not logged either', async () => {
      const text = await token()
      for (const name of ['access_token', 'authorization']) {
        assert.equal((await read({}, `test?${name}=${text}`)).status, 200)
        assert.equal((await publish({}, `test?${name}=${text}`)).status, 200)
        assert.equal((await read({}, `-/history/test?${name}=${text}`)).status, 200)
      }
      const stream = await own.hub.subscribe(`test?getcache=1&access_token=${text}&filterid=1`)
      assert.deepEqual((await stream.count(1))[0]?.id, '1')
      assert.equal((await read({}, `test?authorization=${text}x`)).status, 401)
      await own.hub.logs(() => own.hub.log.some(({ reason }) => reason !== undefined))
      assert.ok(!JSON.stringify(own.hub.log).includes(text))
    })
  })
})

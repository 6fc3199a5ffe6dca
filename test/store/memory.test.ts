import { MemoryStore } from '../../src/store/memory.js'
import { describeStore } from './contract.js'

describeStore({
  name: 'memory',
  isDurable: false,
  make: async (now) => ({
    store: new MemoryStore({ now }),
    again: () => new MemoryStore({ now }),
    clean: async () => {},
  }),
})

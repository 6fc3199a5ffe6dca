import type { Socket } from 'node:net'
import type { ConnectionLimit, ConnectionLimits } from '../limits/connection-limits.js'
import type { Gate, Ticket } from './connections.js'

/** The gate of a hub that is one process: the limits themselves. */
export class ConnectionGate implements Gate {
  constructor(readonly limits: ConnectionLimits) {}

  enter(_socket: Socket, network: string | undefined): Ticket {
    return { network, limit: this.limits.enter(network) }
  }

  async enterClient(network: string): Promise<ConnectionLimit | undefined> {
    return this.limits.enterClient(network)
  }

  enterAgain(network: string | undefined): void {
    this.limits.enterAgain(network)
  }

  leave(network: string | undefined): void {
    this.limits.leave(network)
  }

  leaveClient(network: string): void {
    this.limits.leaveClient(network)
  }
}

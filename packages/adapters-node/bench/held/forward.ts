import { forward } from '@limpet/adapters-node'
import { createSticky, header } from '@limpet/core'
import { holding } from './holding.ts'

holding((pod) => forward(createSticky({ key: header('x-session'), endpoints: [pod] })).upgrade)

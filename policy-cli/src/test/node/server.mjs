// A server of both eras: on standard input and output, or over HTTP if its argument is "http". Then it prints its port.
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
    McpServer, acceptedContent, createMcpHandler, fromJsonSchema, inputRequired
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const NOTHING = fromJsonSchema({ type: 'object' });
const NAME = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const ROOM = fromJsonSchema({ type: 'object', properties: { room: { type: 'string', 'x-mcp-header': 'Room' } } });

const text = said => ({ content: [{ type: 'text', text: said }] });

// Over HTTP each request has a server of its own.
let slowEnded;
const slowWasCancelled = new Promise(resolve => { slowEnded = resolve; });

function tools() {
    const server = new McpServer(
        { name: 'tools', version: '1.0.0' },
        { capabilities: { tools: { listChanged: true } } }
    );
    const tool = (name, run) => server.registerTool(name, { description: name, inputSchema: NOTHING }, run);

    for (const name of ['echo', 'denied', 'hidden', 'careful', 'later']) {
        tool(name, async () => text(`${name} ran`));
    }
    server.registerTool('book', { description: 'book', inputSchema: ROOM }, async args => text(`booked ${args.room}`));
    tool('ask', async (args, ctx) => {
        const given = acceptedContent(ctx.mcpReq.inputResponses, 'who');
        return given
            ? text(`hello ${given.name}`)
            : inputRequired({
                  inputRequests: { who: inputRequired.elicit({ message: 'Who?', requestedSchema: NAME }) }
              });
    });
    tool('slow', async (args, ctx) => {
        const cancelled = new Promise(resolve => ctx.mcpReq.signal.addEventListener('abort', resolve));
        const progressToken = ctx.mcpReq._meta?.progressToken;
        await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
        await cancelled;
        slowEnded();
        return text('too late');
    });
    tool('ended', async () => {
        await slowWasCancelled;
        return text('slow was cancelled');
    });
    return server;
}

if (process.argv[2] === 'http') {
    const handler = createMcpHandler(tools);
    const http = createServer(async (request, response) => {
        const gone = new AbortController();
        response.on('close', () => gone.abort());
        try {
            const answer = await handler.fetch(new Request(`http://127.0.0.1${request.url}`, {
                method: request.method,
                headers: request.headers,
                ...(request.method === 'POST' && { body: Readable.toWeb(request), duplex: 'half' }),
                signal: gone.signal
            }));
            response.writeHead(answer.status, Object.fromEntries(answer.headers));
            if (answer.body) {
                response.flushHeaders();
                await pipeline(Readable.fromWeb(answer.body), response);
            } else {
                response.end();
            }
        } catch (error) {
            if (!gone.signal.aborted) {
                throw error;
            }
        }
    });
    http.listen(0, '127.0.0.1', () => console.log(http.address().port));
} else {
    serveStdio(tools);
}

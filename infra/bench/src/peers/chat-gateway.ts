// The hand-written chat's gateway: Express and http-proxy-middleware with an agent that keeps its connections. The service behind
// verifies the token, so this does not.
import { Agent, createServer } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { open } from './doors.ts';

const app = express().disable('x-powered-by');
const agent = new Agent({ keepAlive: true });
app.use(createProxyMiddleware({ target: process.env.SERVICE as string, pathFilter: '/messages', agent }));
open(createServer(app));

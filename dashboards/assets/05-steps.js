/* Dash brings half a megabyte of rebuilt standard functions for browsers before 2018, and of it needs this: a function in
   steps, as its compiler writes them. The body is called with the place to go on at (`next`) until it says stop. */
"use strict";
window.regeneratorRuntime = window.regeneratorRuntime || {
  mark: (made) => made,
  wrap: (body) => {
    const at = { prev: 0, next: 0, sent: undefined, done: false, value: undefined };
    at.stop = () => { at.done = true; return at.value; };
    at.abrupt = (_kind, value) => { at.value = value; return at.stop(); };
    const step = (sent) => {
      if (at.done) return { value: undefined, done: true };
      at.sent = sent;
      const value = body(at);
      return { value, done: at.done };
    };
    return { next: step, throw: (error) => { at.done = true; throw error; }, return: (value) => { at.done = true; return { value, done: true }; } };
  },
};

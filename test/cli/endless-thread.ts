// A thread that never comes to an end.
setInterval(() => undefined, 1000);

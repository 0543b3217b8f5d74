using OpenStackSev;
using OpenStackSev.Guest;

using var termination = new Termination();
return await new GuestCommands(Console.Out, Console.Error).RunAsync(args, termination.Token);

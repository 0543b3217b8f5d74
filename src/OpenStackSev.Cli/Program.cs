using System.Runtime.InteropServices;
using OpenStackSev;
using OpenStackSev.Cli;

using var termination = new Termination();
int code = await Osev.RunAsync(args, CommandConsole.OfProcess(Environment.GetEnvironmentVariable), termination.Token);
return code == ExitCode.Interrupted && termination.Signal == PosixSignal.SIGTERM ? ExitCode.Terminated : code;

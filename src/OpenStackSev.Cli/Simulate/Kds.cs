using System.CommandLine;
using System.Globalization;
using System.Net;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Simulate;

/// <summary><c>osev simulate kds</c>: serves a simulated chain as AMD's key distribution service does.</summary>
internal static class Kds
{
    public static Command Create(CommandConsole console)
    {
        Option<string[]> chains = new("--chain")
        {
            Description = "Folder of osev simulate chain; again for each further line.",
            HelpName = "DIR",
            Required = true,
        };
        Option<int?> listen = new("--listen")
        {
            Description = "Where to listen; port 0, the default, is a free one.",
            HelpName = "127.0.0.1:PORT",
            CustomParser = argument =>
            {
                string text = argument.Tokens[0].Value;
                if (IPEndPoint.TryParse(text, out IPEndPoint? endpoint) && text.Contains(':', StringComparison.Ordinal)
                    && endpoint.Address.Equals(IPAddress.Loopback))
                {
                    return endpoint.Port;
                }
                argument.AddError($"--listen {text}: must be 127.0.0.1:PORT, since a simulation is for this machine only");
                return null;
            },
        };
        Option<TimeSpan?> interval = new("--interval")
        {
            Description = "Least time between two answers, as 10s or 2m; 0s, the default, refuses none. AMD's is about 10s.",
            HelpName = "TIME",
            CustomParser = argument =>
            {
                string text = argument.Tokens[0].Value;
                if (text.Length > 1 && uint.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint count)
                    && text[^1] is 's' or 'm')
                {
                    return text[^1] == 's' ? TimeSpan.FromSeconds(count) : TimeSpan.FromMinutes(count);
                }
                argument.AddError($"--interval {text}: must be a number with s or m, like 10s");
                return null;
            },
        };

        OsevCommand command = new("kds", "Serve a simulated chain and the VCEKs of any chip, as AMD's key distribution service does.",
            "osev simulate kds --chain /tmp/amd --listen 127.0.0.1:8580",
            "osev simulate kds --chain /tmp/amd --listen 127.0.0.1:8580 --interval 10s")
        {
            chains, listen, interval,
        };
        command.SetAction(async (parsed, ct) =>
        {
            List<(string Folder, SimulatedAuthority Authority)> authorities = [];
            try
            {
                foreach (string folder in parsed.GetValue(chains)!)
                    authorities.Add((folder, SimulatedAuthority.Load(folder)));
                if (authorities.GroupBy(a => a.Authority.Line).FirstOrDefault(line => line.Count() > 1) is { } twice)
                    throw CommandException.BadUsage($"two chains are of {twice.Key}", "give one chain for each line");
                await ServeAsync(console, parsed.Format(), authorities, parsed.GetValue(listen) ?? 0,
                    parsed.GetValue(interval) ?? TimeSpan.Zero, ct);
                return ExitCode.Ok;
            }
            finally
            {
                authorities.ForEach(a => a.Authority.Dispose());
            }
        });
        return command;
    }

    private static async Task ServeAsync(
        CommandConsole console, OutputFormat format, List<(string Folder, SimulatedAuthority Authority)> authorities, int port, TimeSpan interval,
        CancellationToken ct)
    {
        // Read at each request, so that the lists in the folder can be replaced while this runs.
        Func<SimulatedAuthority, byte[]> List(string name) =>
            authority => Path.Join(authorities.Find(a => a.Authority == authority).Folder, name) is var path && File.Exists(path)
                ? File.ReadAllBytes(path)
                : authority.IssueCrl();
        await using SimulatedKds kds = SimulatedKds.Start(new([.. authorities.Select(a => a.Authority)])
        {
            Port = port,
            AnyChip = true,
            Interval = interval,
            VcekCrl = List("vcek.crl"),
            VlekCrl = List("vlek.crl"),
            OnRequest = request => console.Error.WriteLine(
                $"{request.At:yyyy-MM-ddTHH:mm:ssZ} {request.Status} {request.Method} {OneLine(request.Target)}"),
        });
        string[] lines = [.. authorities.Select(a => a.Authority.Line.ToString())];
        if (format == OutputFormat.Json)
            console.WriteJson(new KdsServing(kds.Address.ToString(), lines), SimulateJson.Default.KdsServing);
        else
            console.WriteLine($"simulated KDS of {string.Join(", ", lines)} at {kds.Address}; ends with Ctrl-C");
        console.Out.Flush();
        await Task.Delay(Timeout.Infinite, ct);
    }

    // What a client sends is not printed as it is: it could write to the terminal.
    private static string OneLine(string target) => string.Concat(target.Select(c => char.IsAscii(c) && !char.IsControl(c) ? c : '?'));
}

/// <summary>Where the service listens.</summary>
internal sealed record KdsServing(string Address, IReadOnlyList<string> Lines);

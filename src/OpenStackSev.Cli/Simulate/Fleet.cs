using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using OpenStackSev.Simulation.Fleet;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Simulate;

/// <summary><c>osev simulate fleet</c>: answers for all instances of a lab, as their guests would, some of them lying.</summary>
internal static class Fleet
{
    /// <summary>Instances whose reports are held at one time.</summary>
    private const int Wave = 2_000;

    private const int MostInstances = 100_000;

    public static Command Create(CommandConsole console)
    {
        Option<string> chain = new("--chain") { Description = "Folder of osev simulate chain, whose root the control plane was told to trust.", HelpName = "DIR", Required = true };
        Option<string> tickets = new("--ticket-keys") { Description = "The file of ticket keys of the lab's control plane: tickets.keys in its state_dir, unless ticket_keys says otherwise.", HelpName = "FILE", Required = true };
        Option<Uri?> url = new("--url") { Description = "Where guests reach the control plane, without /v1; the catalogue's endpoint by default.", HelpName = "URL", CustomParser = UrlOf };
        Option<int> instances = Number("--instances", "Instances that take part, at most.", 1, MostInstances, MostInstances);
        Option<string[]> lies = new("--lie")
        {
            Description = $"How many lie, and how; again for each kind: {string.Join(", ", Guest.LieWords)}. A replay needs two rounds.",
            HelpName = "KIND=COUNT",
        };
        Option<int> rounds = Number("--rounds", "Rounds of all of them.", 1, 1_000, 1);
        Option<int> rate = Number("--rate", "Requests a second; 0 for as many as are answered.", 0, 10_000, 0);
        Option<int> parallel = Number("--parallel", "Requests at one time.", 1, 1_024, 32);

        OsevCommand command = new("fleet",
            "Answer for the SEV-SNP instances of a lab as their guests would, with reports of simulated chips that have the ids of their hosts' chips. "
            + "Exit code: 0 each honest one got a verdict and no lie was affirmed, 1 otherwise.",
            "osev simulate fleet --chain /tmp/amd --ticket-keys /var/lib/openstack-sev/tickets.keys",
            "osev simulate fleet --chain /tmp/amd --ticket-keys tickets.keys --rounds 3 --rate 200 --lie replay=5 --lie wrong-chip=5 -f json")
        {
            chain, tickets, url, instances, lies, rounds, rate, parallel,
        };
        command.SetAction(async (parsed, ct) =>
        {
            SimulatedLie[] liars = [.. (parsed.GetValue(lies) ?? []).SelectMany(LiarsOf)];
            FleetTickets desk = FleetTickets.Read(parsed.GetValue(tickets)!);
            using SimulatedAuthority authority = SimulatedAuthority.Load(parsed.GetValue(chain)!);
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            using FleetSource source = await FleetSource.ReadAsync(control, authority, parsed.GetValue(instances), ct);
            if (source.Places.Count == 0)
                throw new CommandException("there is no SEV-SNP instance on a host with an approved chip", "osev instance list and osev host list show what there is");
            if (liars.Length > source.Places.Count)
                throw CommandException.BadUsage($"{liars.Length} shall lie, and there are {source.Places.Count} instances", "let fewer lie");
            FleetMember[] members = [.. source.Places.Select((place, i) => new FleetMember(place.Instance, desk.Of(place.Instance), place.Chip, i < liars.Length ? liars[i] : SimulatedLie.None))];
            Uri address = parsed.GetValue(url) ?? await control.AddressAsync(ct);
            var pace = new FleetPace { PerSecond = parsed.GetValue(rate), Parallel = parsed.GetValue(parallel) };
            var result = FleetResult.Of(address, source.Chips.Count, await RunAsync(console, address, source.Chips, members, parsed.GetValue(rounds), pace, ct));
            result.Write(console);
            return result.Wrong == 0 ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<IReadOnlyList<IReadOnlyList<FleetOutcome>>> RunAsync(
        CommandConsole console, Uri address, IReadOnlyList<SimulatedSecurityProcessor> chips, FleetMember[] members, int rounds, FleetPace pace, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/") };
        SimulatedFleet[] waves = [.. members.Chunk(Wave).Select(some => new SimulatedFleet(client, chips, some))];
        try
        {
            var all = new List<IReadOnlyList<FleetOutcome>>();
            for (int round = 1; round <= rounds; round++)
            {
                long start = Stopwatch.GetTimestamp();
                var outcomes = new List<FleetOutcome>();
                foreach (SimulatedFleet wave in waves)
                {
                    outcomes.AddRange(await wave.RoundAsync(pace, ct));
                    console.WriteProgress($"simulated fleet, round {round} of {rounds}: {outcomes.Count} of {members.Length}");
                }

                console.WriteProgress("");
                string seconds = Stopwatch.GetElapsedTime(start).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
                console.Error.WriteLine($"simulated fleet, round {round} of {rounds}: {outcomes.Count(outcome => outcome.Verdict is not null)} verdicts of {members.Length} instances in {seconds} s");
                all.Add(outcomes);
            }

            return all;
        }
        finally
        {
            Array.ForEach(waves, wave => wave.Dispose());
        }
    }

    private static IEnumerable<SimulatedLie> LiarsOf(string text)
    {
        string[] parts = text.Split('=', 2);
        return parts.Length == 2 && Guest.LieOf(parts[0]) is { } lie && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > 0 and <= MostInstances
            ? Enumerable.Repeat(lie, count)
            : throw CommandException.BadUsage($"--lie {text}: must be KIND=COUNT, like replay=5", $"the kinds are {string.Join(", ", Guest.LieWords)}");
    }

    private static Uri? UrlOf(ArgumentResult argument)
    {
        string text = argument.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
            return url;
        argument.AddError($"--url {text}: must be a URL with http or https");
        return null;
    }

    private static Option<int> Number(string name, string description, int least, int most, int usual)
    {
        Option<int> option = new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (!result.Errors.Any() && (result.GetValueOrDefault<int>() < least || result.GetValueOrDefault<int>() > most))
                result.AddError($"{name}: must be {least} to {most}");
        });
        return option;
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Cli.Attest;
using OpenStackSev.Endorsements;
using OpenStackSev.Endorsements.Kds;
using EndorsementFolder = OpenStackSev.Endorsements.EndorsementFolder;

namespace OpenStackSev.Cli.Endorsements;

/// <summary><c>osev endorsements fetch</c>: brings the issuers and CRLs of a line, and the VCEK of a chip, into the folder.</summary>
internal static class Fetch
{
    public static Command Create(CommandConsole console)
    {
        EndorsementOptions common = new();
        Option<string> product = new("--product", "-p") { Description = "Product line; left out, it is the report's.", HelpName = "LINE" };
        product.AcceptOnlyFromAmong("milan", "genoa", "turin", "venice");
        Option<string> chipId = new("--chip-id") { Description = "CHIP_ID of a report or hwID of a chip: fetch its VCEK.", HelpName = "HEX" };
        Option<string> tcb = new("--tcb")
        {
            Description = "REPORTED_TCB of the VCEK, as fmc=N,bootloader=N,tee=N,snp=N,microcode=N; without fmc before Turin.",
            HelpName = "PARTS",
        };
        Option<string> report = new("--report") { Description = "Take product, chip and TCB from a report; - is standard input.", HelpName = "FILE" };
        Option<string> kds = new("--kds") { Description = "Key distribution service: a mirror or a simulated one. Default: AMD's.", HelpName = "URL" };
        Option<double> pace = new("--pace") { Description = "Seconds between two requests; AMD's service refuses more than one in 10.", HelpName = "SECONDS", DefaultValueFactory = _ => 10 };
        Option<double> giveUp = new("--give-up-after") { Description = "Seconds to try for when the service refuses or is gone.", HelpName = "SECONDS", DefaultValueFactory = _ => 600 };

        OsevCommand command = new("fetch", "Fetch issuers, CRLs and VCEKs from AMD's key distribution service into a folder; what is there is not fetched again.",
            "osev endorsements fetch --product turin",
            "osev endorsements fetch --report report.bin",
            "osev endorsements fetch --product turin --chip-id 59790fb1c39f35c1 --tcb fmc=1,bootloader=1,tee=1,snp=4,microcode=81",
            "osev endorsements fetch --product milan --kds https://kds.example.org --pace 0 --folder ./endorsements")
        {
            product, chipId, tcb, report, common.Folder, kds, pace, giveUp, common.SimulatedRoots,
        };
        command.SetAction(async (parsed, ct) =>
        {
            Wanted wanted = Wanted.Of(parsed.GetValue(product), parsed.GetValue(chipId), parsed.GetValue(tcb), parsed.GetValue(report));
            EndorsementFolder folder = common.FolderOf(parsed);
            KdsOptions options = new()
            {
                Address = AddressOf(parsed.GetValue(kds)),
                Pace = SecondsOf("--pace", parsed.GetValue(pace)),
                GiveUpAfter = SecondsOf("--give-up-after", parsed.GetValue(giveUp)),
            };
            using KdsClient client = new(options);
            using KdsQueue queue = new(client);
            List<Finding> noticed = [];
            using EndorsementStore store = new(folder, queue, new()
            {
                SimulatedRoots = common.RootsOf(parsed),
                Noticed = finding => { lock (noticed) noticed.Add(finding); },
            });

            Dictionary<string, DateTimeOffset?> before = wanted.Files.ToDictionary(file => file.Path, folder.WrittenAt, StringComparer.Ordinal);
            Task<bool> work = FetchAsync(store, wanted, ct);
            await WatchAsync(console, queue, work);
            bool simulated = await work;
            foreach (Finding finding in noticed.DistinctBy(finding => (finding.Code, finding.Subject)))
                EndorsementOptions.WriteWarning(console, finding);
            Write(console, parsed.Format(), new(folder.Path, queue.Address.ToString(), simulated,
                [.. wanted.Files.Select(file => new FetchedFile(file.Path, folder.WrittenAt(file) != before[file.Path]))]));
            // Somebody will rely on the folder.
            return noticed.Any(finding => finding.Code == EndorsementCodes.FolderUnwritable.Code)
                ? throw new CommandException($"{folder.Path} could not be written", "name a folder that is yours with --folder")
                : ExitCode.Ok;
        });
        return command;
    }

    /// <returns>Whether the root is a simulated one.</returns>
    private static async Task<bool> FetchAsync(EndorsementStore store, Wanted wanted, CancellationToken ct)
    {
        // Together, so that the queue sees all and says how long it takes.
        List<Task> work = [];
        foreach (SigningKey of in new[] { SigningKey.Vcek, SigningKey.Vlek })
            work.Add(store.RevocationsAsync(wanted.Line, of, ct));
        if (wanted is { ChipId: { } chipId, Tcb: { } tcb })
            work.Add(store.VcekAsync(wanted.Line, chipId, tcb, ct));
        await Task.WhenAll(work);
        await store.FinishRefreshesAsync(ct);
        return (await store.IssuersAsync(wanted.Line, SigningKey.Vcek, ct)).Simulated;
    }

    private static async Task WatchAsync(CommandConsole console, KdsQueue queue, Task work)
    {
        if (!console.ShowsProgress)
            return;
        while (!work.IsCompleted)
        {
            KdsQueueStatus status = queue.Status;
            string trouble = status.LastFailure is { } failure ? $", last answer {failure.Code}" : "";
            if (status.Sending is { } path)
                console.WriteProgress($"{queue.Address.Authority}: asking for {path.Split('?')[0]}, {status.Waiting} more wait{trouble}");
            else if (status.NextIn is { } next)
                console.WriteProgress($"{queue.Address.Authority}: {status.Waiting} wait, the next one for {Math.Ceiling(next.TotalSeconds)} s{trouble}");
            await Task.WhenAny(work, Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, CancellationToken.None));
        }
        console.WriteProgress("");
    }

    private static void Write(CommandConsole console, OutputFormat format, FetchDocument document)
    {
        if (format == OutputFormat.Json)
        {
            console.WriteJson(document, FetchJson.Default.FetchDocument);
            return;
        }
        if (document.Simulated)
            console.WriteLine("SIMULATED: the root is not AMD's.", "bold yellow");
        foreach (FetchedFile file in document.Files)
            console.WriteLine($"{(file.Fetched ? "fetched" : "present")} {file.Path}");
    }

    private static Uri AddressOf(string? text)
    {
        if (text is null)
            return KdsAddress.Amd;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            && address.UserInfo.Length == 0 && address.Query.Length == 0
            ? address : throw CommandException.BadUsage($"--kds {text}: is no address of a service", "such as https://kdsintf.amd.com");
    }

    private static TimeSpan SecondsOf(string option, double seconds) => seconds is >= 0 and <= 86_400
        ? TimeSpan.FromSeconds(seconds) : throw CommandException.BadUsage($"{option} {seconds}: must be from 0 to 86400 seconds", "AMD's service takes one request in 10 seconds");
}

/// <summary>What a command line asks for.</summary>
internal sealed record Wanted(ProductLine Line, byte[]? ChipId, TcbVersion? Tcb)
{
    /// <summary>The files that are there afterwards.</summary>
    public IReadOnlyList<EndorsementFile> Files { get; } =
    [
        EndorsementFile.Authority(AuthorityRole.Ark, Line), EndorsementFile.Authority(AuthorityRole.Ask, Line),
        EndorsementFile.Authority(AuthorityRole.Asvk, Line),
        EndorsementFile.Revocations(Line, SigningKey.Vcek), EndorsementFile.Revocations(Line, SigningKey.Vlek),
        .. ChipId is not null && Tcb is { } tcb ? new[] { EndorsementFile.Vcek(Line, ChipId, tcb) } : [],
    ];

    public static Wanted Of(string? product, string? chipId, string? tcb, string? report)
    {
        ProductLine? line = product is null ? null : Enum.Parse<ProductLine>(product, ignoreCase: true);
        if (report is not null)
        {
            return chipId is null && tcb is null ? OfReport(report, line)
                : throw CommandException.BadUsage("--report says the chip and the TCB itself", "leave --chip-id and --tcb out");
        }
        if (line is null)
            throw CommandException.BadUsage("--product is missing", "milan, genoa or turin; or give a report with --report");
        if ((chipId is null) != (tcb is null))
            throw CommandException.BadUsage(chipId is null ? "--chip-id is missing" : "--tcb is missing", "a VCEK is one of a chip and a TCB: give both or none");
        return chipId is null ? new(line.Value, null, null) : Chip(line.Value, BytesOf(chipId), TcbOf(tcb!));
    }

    private static Wanted OfReport(string path, ProductLine? line)
    {
        ReportFile file = ReportFile.Read(path);
        if (!AttestationReport.TryParse(file.Content, line?.Layout(), out AttestationReport? report, out IReadOnlyList<Finding> malformed))
            throw new CommandException($"--report {path}: {EndorsementOptions.Text(malformed[0])}", file.Hint ?? "osev attest show says what it is");
        line = report.Product?.Line() ?? line
            ?? throw CommandException.BadUsage($"--report {path}: does not say its product", "say it with --product");
        if (report.SigningKey == SigningKey.Vlek)
            return new(line.Value, null, null);     // only its provider has the VLEK
        return report.ChipIdMasked
            ? throw new CommandException($"--report {path}: the chip id is masked", "nobody can be asked for its VCEK; the host must hand it out with the report")
            : Chip(line.Value, report.ChipId.ToArray(), report.ReportedTcb);
    }

    private static Wanted Chip(ProductLine line, byte[] chipId, TcbVersion tcb)
    {
        try
        {
            return new(line, chipId, tcb);
        }
        // The name of the VCEK's file cannot be made.
        catch (ArgumentException e)
        {
            throw CommandException.BadUsage(e.Message.Split(" (Parameter", 2)[0], "product, chip and TCB must be of one processor");
        }
    }

    private static byte[] BytesOf(string text) => text.Length is 16 or 128 && text.All(char.IsAsciiHexDigit)
        ? Convert.FromHexString(text)
        : throw CommandException.BadUsage("--chip-id: must be 16 or 128 hexadecimal digits", "8 bytes for Turin, 64 before; osev attest show prints it");

    private static TcbVersion TcbOf(string text)
    {
        Dictionary<string, byte> parts = new(StringComparer.Ordinal);
        foreach (string[] part in text.Split(',').Select(part => part.Split('=')))
        {
            if (part.Length != 2 || part[0] is not ("fmc" or "bootloader" or "tee" or "snp" or "microcode")
                || !byte.TryParse(part[1], NumberStyles.None, CultureInfo.InvariantCulture, out byte value) || !parts.TryAdd(part[0], value))
            {
                throw Bad();
            }
        }
        byte Part(string name) => parts.TryGetValue(name, out byte value) ? value : throw Bad();
        return new(parts.TryGetValue("fmc", out byte fmc) ? fmc : null, Part("bootloader"), Part("tee"), Part("snp"), Part("microcode"));

        CommandException Bad() => CommandException.BadUsage($"--tcb {text}: must be bootloader=N,tee=N,snp=N,microcode=N, with fmc=N from Turin on",
            "each from 0 to 255; REPORTED_TCB of osev attest show");
    }
}

/// <summary>Result of <c>endorsements fetch</c> as JSON.</summary>
internal sealed record FetchDocument(string Folder, string Kds, bool Simulated, IReadOnlyList<FetchedFile> Files);

internal sealed record FetchedFile(string Path, bool Fetched);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(FetchDocument))]
internal sealed partial class FetchJson : JsonSerializerContext;

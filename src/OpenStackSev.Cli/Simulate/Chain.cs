using System.CommandLine;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Simulate;

/// <summary><c>osev simulate chain</c>: roots of a simulated AMD, as files.</summary>
internal static class Chain
{
    public static Command Create(CommandConsole console)
    {
        Option<string> product = new("--product", "-p") { Description = "Product line; bergamo and siena are of genoa.", HelpName = "LINE", Required = true };
        product.AcceptOnlyFromAmong([.. Enum.GetNames<SimulatedLine>().Select(name => name.ToLowerInvariant())]);
        Option<string> output = new("--out", "-o") { Description = "Folder for certificates, keys and revocation lists.", HelpName = "DIR", Required = true };
        Option<bool> force = new("--force") { Description = "Replace the simulated chain that is there." };
        Option<int> bits = new("--key-bits") { Description = "Size of the RSA keys; AMD's are of 4096 bits.", HelpName = "BITS", DefaultValueFactory = _ => 4096 };
        bits.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int>() is not (2048 or 3072 or 4096))
                result.AddError("--key-bits: must be 2048, 3072 or 4096");
        });

        OsevCommand command = new("chain", "Make ARK, ASK and ASVK of a simulated AMD. Nobody trusts them who is not told to.",
            "osev simulate chain --product turin --out /tmp/amd",
            "osev simulate chain --product milan --out /tmp/amd --force")
        {
            product, output, force, bits,
        };
        command.SetAction(parsed =>
        {
            SimulatedLine line = Enum.Parse<SimulatedLine>(parsed.GetValue(product)!, ignoreCase: true);
            string folder = parsed.GetValue(output)!;
            using SimulatedAuthority authority = SimulatedAuthority.Create(line, new() { KeyBits = parsed.GetValue(bits) });
            authority.Save(folder, parsed.GetValue(force));
            if (parsed.Format() == OutputFormat.Json)
            {
                console.WriteJson(new ChainWritten(Path.GetFullPath(folder), line.ToString(), authority.Ark.Fingerprint,
                    authority.Ask.Fingerprint, authority.Asvk.Fingerprint), SimulateJson.Default.ChainWritten);
                return ExitCode.Ok;
            }
            console.WriteLine($"simulated {line} chain in {folder}: ark.pem, ask.pem, asvk.pem, their keys, vcek.crl, vlek.crl");
            console.WriteLine($"SHA-256 of the ARK, by which verifiers name it: {authority.Ark.Fingerprint}");
            return ExitCode.Ok;
        });
        return command;
    }
}

/// <summary>Result of making a chain. The digests are SHA-256 of each certificate's DER.</summary>
internal sealed record ChainWritten(string Folder, string Line, string ArkSha256, string AskSha256, string AsvkSha256);

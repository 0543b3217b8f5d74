using System.CommandLine;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Cli.Hosts.Certificates;

/// <summary><c>--ca</c>, of every command that works on the CA's folder, and what they share.</summary>
internal static class AuthorityOption
{
    public static Option<string> Instance { get; } = new("--ca")
    {
        Description = $"Folder of the CA (default: {AuthorityFolder.DefaultPath}).",
        HelpName = "DIR",
        DefaultValueFactory = _ => AuthorityFolder.DefaultPath,
    };

    public static AuthorityFolder Open(this ParseResult parsed) => AuthorityFolder.Open(parsed.Folder());

    public static string Folder(this ParseResult parsed) => parsed.GetRequiredValue(Instance);

    public static Argument<Guid> Node() => new("node")
    {
        Description = "UUID of the compute node: its resource provider in Placement, Nova's compute_id.",
        CustomParser = argument =>
        {
            if (Guid.TryParse(argument.Tokens[0].Value, out Guid node))
                return node;
            argument.AddError($"{argument.Tokens[0].Value} is no UUID; osev resource provider list shows those of compute nodes");
            return default;
        },
    };

    /// <summary>How long a certificate lasts.</summary>
    public static Option<int> Days() => new("--days")
    {
        Description = "Days that the certificate lasts, 1 to 825 (default 365).",
        HelpName = "N",
        DefaultValueFactory = _ => 365,
        Validators = { result => { if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out int days) || days is < 1 or > 825)) result.AddError("--days: must be 1 to 825"); } },
    };
}

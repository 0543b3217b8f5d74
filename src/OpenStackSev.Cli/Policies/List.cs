using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Policies;

namespace OpenStackSev.Cli.Policies;

/// <summary><c>osev policy list</c>: versions of the policy that the control plane judges by.</summary>
internal static class List
{
    public static Command Create(CommandConsole console)
    {
        OsevCommand command = new("list", "List the versions of the appraisal policy, the newest first; one of them judges.",
            "osev policy list", "osev policy list -f csv -c number -c active -c activated_by")
        {
            ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            IReadOnlyList<PolicySummary> policies = await PolicyArgument.AllAsync(control, ct);
            console.WriteList(new PolicyListDocument(policies), PolicyJson.Default.PolicyListDocument,
                ["NUMBER", "NAME", "ACTIVE", "STORED", "STORED BY", "ACTIVATED", "ACTIVATED BY", "DIGEST"], policies.Select(policy => new[]
                {
                    policy.Number.ToString(CultureInfo.InvariantCulture), policy.Name, policy.Active ? "yes" : "no", Time(policy.StoredAt),
                    policy.StoredBy ?? "built in", Time(policy.ActivatedAt), policy.ActivatedBy ?? "", policy.Digest,
                }));
            return ExitCode.Ok;
        });
        return command;
    }

    public static string Time(DateTimeOffset? time) => time is { } at ? Hosts.List.Time(at) : "";
}

internal sealed record PolicyListDocument(IReadOnlyList<PolicySummary> Policies);

/// <summary>JSON of <c>osev policy dry-run</c>.</summary>
internal sealed record DryRunDocument(int Judged, IReadOnlyList<VerdictChange> Changes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(PolicyListDocument))]
[JsonSerializable(typeof(PolicySummary))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(DryRunDocument))]
[JsonSerializable(typeof(ReferenceValueList))]
internal sealed partial class PolicyJson : JsonSerializerContext;

using System.Globalization;
using OpenStackSev.Api;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Maintenance;

/// <summary><c>/v1/hosts/{node}/drain</c> and <c>/v1/hosts/{node}/upgrade-check</c>: they look, and change nothing.</summary>
internal static class MaintenanceEndpoints
{
    /// <summary>Instances of one host that are planned for.</summary>
    private const int MostInstances = 2000;

    private const int TcbDigits = 16;

    public static void AddMaintenance(this IServiceCollection services) => services.AddSingleton<DrainReading>();

    public static void MapMaintenance(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/hosts/{node:guid}/drain", DrainAsync);
        endpoints.MapGet("/v1/hosts/{node:guid}/upgrade-check", CheckUpgradeAsync);
    }

    private static async Task DrainAsync(HttpContext context)
    {
        context.Require(MaintenancePolicies.Drain);
        HostState host = await HostAsync(context);
        IReadOnlyList<InstanceState> instances = await InstancesAsync(context, host);
        EncryptionModel[] models = [.. EncryptionModels.All.Where(model => instances.Any(one => one.Model == model.NovaName))];
        (IReadOnlyList<DrainTarget> targets, IReadOnlyList<string> notes) = models.Length == 0 ? ([], []) : await Of<DrainReading>(context).TargetsAsync(host.Node, models, context.RequestAborted);
        string[] all = [.. notes, .. instances.Count == MostInstances ? [$"only the first {MostInstances} instances were looked at"] : Array.Empty<string>()];
        await context.AnswerAsync(DrainRules.Plan(host, instances, targets, all), AttestationJson.Default.DrainPlan);
    }

    private static async Task CheckUpgradeAsync(HttpContext context)
    {
        context.Require(MaintenancePolicies.CheckUpgrade);
        HostState host = await HostAsync(context);
        HostReport report = StoredReport.Of(host).Report;
        UpgradeTarget? target = Target(context, report);
        await context.AnswerAsync(UpgradeRules.Check(host, report, await InstancesAsync(context, host), target), AttestationJson.Default.UpgradeCheck);
    }

    /// <exception cref="ApiException">400.</exception>
    private static UpgradeTarget? Target(HttpContext context, HostReport report)
    {
        (string? tcb, string? firmware) = (RequestQuery.Word(context, "tcb"), RequestQuery.Word(context, "firmware"));
        if (tcb is null && firmware is null)
            return null;
        TcbVersion? asked = null;
        if (tcb is not null)
        {
            if (tcb.Length != TcbDigits || !ulong.TryParse(tcb, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _))
                throw new ApiException(RequestErrors.Invalid, "tcb: must be CURRENT_TCB of the new firmware, 16 hex digits, most significant first");
            asked = HostTcb.Of(tcb, HostClaims.Of(report).Line);
        }

        FirmwareVersion? version = null;
        if (firmware is not null)
            version = FirmwareVersion.TryParse(firmware, out FirmwareVersion parsed) ? parsed : throw new ApiException(RequestErrors.Invalid, "firmware: must be a version such as 1.55.40");
        string words = string.Join(", ", new[] { version is { } v ? $"firmware {v}" : null, tcb is null ? null : asked is { } t ? $"TCB {t}" : $"TCB 0x{tcb}, which is not known to read for this processor" }.OfType<string>());
        return new UpgradeTarget(asked, version, words);
    }

    private static Task<HostState> HostAsync(HttpContext context) => Of<HostRegistry>(context).FindAsync(HostEndpoints.NodeOf(context), context.RequestAborted);

    private static Task<IReadOnlyList<InstanceState>> InstancesAsync(HttpContext context, HostState host) =>
        Of<InstanceStates>(context).OnNodeAsync(host.Node, MostInstances, context.RequestAborted);

    private static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();
}

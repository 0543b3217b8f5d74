using System.Globalization;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Simulate;

/// <summary>Who can be in a fleet: the SEV-SNP instances that a control plane knows, on the approved chips of their hosts.</summary>
internal sealed class FleetSource : IDisposable
{
    private const string ModelWithReports = "amd-sev-snp", Approved = "approved";

    private readonly Dictionary<Guid, int> chipOfNode = [];
    private readonly List<SimulatedSecurityProcessor> chips = [];
    private readonly List<(Guid Instance, int Chip)> places = [];

    private FleetSource()
    {
    }

    public IReadOnlyList<SimulatedSecurityProcessor> Chips => chips;

    /// <summary>In the order of their UUIDs.</summary>
    public IReadOnlyList<(Guid Instance, int Chip)> Places => places;

    /// <param name="most">Instances that are taken, at most.</param>
    public static async Task<FleetSource> ReadAsync(Hosts.ControlPlane control, SimulatedAuthority authority, int most, CancellationToken ct)
    {
        var source = new FleetSource();
        Guid? marker = null;
        do
        {
            InstanceList page = await control.Api.ListInstancesAsync(marker: marker, ct: ct);
            foreach (InstanceSummary instance in page.Instances.Where(one => one.Model == ModelWithReports))
            {
                if (instance.Host?.Node is { } node && source.places.Count < most && await source.ChipAsync(control, authority, node, ct) is { } chip)
                    source.places.Add((instance.Instance, chip));
            }

            marker = page.Marker is { } next && next != marker && page.Instances.Count > 0 && source.places.Count < most ? next : null;
        }
        while (marker is not null);
        return source;
    }

    public void Dispose() => chips.ForEach(chip => chip.Dispose());

    /// <summary>Null of a host without an approved chip.</summary>
    private async Task<int?> ChipAsync(Hosts.ControlPlane control, SimulatedAuthority authority, Guid node, CancellationToken ct)
    {
        if (!chipOfNode.TryGetValue(node, out int known))
        {
            HostDetails host = await control.Api.GetHostAsync(node, ct);
            known = -1;
            if (host.Chips.FirstOrDefault(chip => chip is { Status: Approved, Present: true }) is { } chip)
            {
                known = chips.Count;
                byte[] id = Convert.FromHexString(chip.Id)[..authority.Line.ChipIdLength];
                chips.Add(new SimulatedSecurityProcessor(authority, id, TcbOf(host.Report.Facts.Firmware?.ReportedTcb, authority.Line)));
            }

            chipOfNode[node] = known;
        }

        return known < 0 ? null : known;
    }

    /// <summary>As hosts write it, one number with its most significant digits first; null for the usual one of the line.</summary>
    private static SimulatedTcb? TcbOf(string? text, SimulatedLine line)
    {
        if (!ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number))
            return null;
        byte[] bytes = BitConverter.GetBytes(number);
        return line.HasFmc ? new(bytes[0], bytes[1], bytes[2], bytes[3], bytes[7]) : new(null, bytes[0], bytes[1], bytes[6], bytes[7]);
    }
}

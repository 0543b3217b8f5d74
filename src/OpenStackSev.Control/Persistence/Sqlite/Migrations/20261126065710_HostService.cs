using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenStackSev.Control.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class HostService : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "Failures",
                table: "host_quarantine",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "NextLookAt",
                table: "host_quarantine",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Pending",
                table: "host_quarantine",
                type: "TEXT",
                maxLength: 16,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<long>(
                name: "PendingSince",
                table: "host_quarantine",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "RuleWaits",
                table: "host_quarantine",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "ServiceProblem",
                table: "host_quarantine",
                type: "TEXT",
                maxLength: 64,
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "Failures",
                table: "host_quarantine");

            migrationBuilder.DropColumn(
                name: "NextLookAt",
                table: "host_quarantine");

            migrationBuilder.DropColumn(
                name: "Pending",
                table: "host_quarantine");

            migrationBuilder.DropColumn(
                name: "PendingSince",
                table: "host_quarantine");

            migrationBuilder.DropColumn(
                name: "RuleWaits",
                table: "host_quarantine");

            migrationBuilder.DropColumn(
                name: "ServiceProblem",
                table: "host_quarantine");
        }
    }
}
